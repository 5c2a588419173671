namespace LongContext.Tests.Sessions;

/// <summary>The system's clock; every look at it, on the engine's thread too, throws and catches a null reference if wanted.</summary>
internal sealed class NullReferenceClock : TimeProvider
{
    private int _thrown;

    internal volatile bool Throws;

    internal int Thrown => _thrown;

    public override long GetTimestamp()
    {
        if (Throws)
        {
            NullReference.ThrowAndCatch();
            Interlocked.Increment(ref _thrown);
        }

        return base.GetTimestamp();
    }
}
