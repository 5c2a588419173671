using LongContext.CriticalPath.Recording;

namespace LongContext.CriticalPath.Simulation;

/// <summary>One message on the modelled link.</summary>
internal sealed class LinkMessage(OperationKey key, int from, int to)
{
    internal OperationKey Key => key;

    internal int From => from;

    internal int To => to;

    internal long Bytes { get; set; }

    /// <summary>When each end was ready for it, and which event of that rank made it so; NaN while it is not.</summary>
    internal double SenderReady { get; set; } = double.NaN;

    internal double ReceiverReady { get; set; } = double.NaN;

    internal int SenderEvent { get; set; }

    internal int ReceiverEvent { get; set; }

    internal bool IsReady => !double.IsNaN(SenderReady) && !double.IsNaN(ReceiverReady);

    internal double Ready => Math.Max(SenderReady, ReceiverReady);

    /// <summary>When its first byte left; NaN while it has not.</summary>
    internal double Begun { get; set; } = double.NaN;

    /// <summary>When its last byte left.</summary>
    internal double Sent { get; set; }

    /// <summary>When its last byte was there.</summary>
    internal double Arrived { get; set; }

    /// <summary>The message that kept the link busy until this one began, if one did.</summary>
    internal LinkMessage? Behind { get; set; }
}
