using LongContext.Engine;
using NUnit.Framework;

namespace LongContext.Tests.Engine;

/// <summary>A consumer that reads when told to, and notes how its request ended.</summary>
internal sealed class RequestProbe(IReadOnlyList<int> prompt, int maxNewTokens, GenerationRequest request)
{
    internal GenerationRequest Request { get; } = request;

    internal List<int> TokenIds { get; } = [];

    internal string Text { get; private set; } = "";

    internal GenerationUpdate? Last { get; private set; }

    /// <summary>Terminal events seen: finish reasons, and errors of the channel.</summary>
    internal int Terminals => (Last?.FinishReason is not null ? 1 : 0) + (Error is not null ? 1 : 0);

    internal Exception? Error => Request.Updates.Completion.Exception?.InnerException
        ?? (Request.Updates.Completion.IsCanceled ? new OperationCanceledException() : null);

    internal void Read(int atMost = int.MaxValue)
    {
        for (int i = 0; i < atMost && Request.Updates.TryRead(out GenerationUpdate? update); i++)
        {
            Assert.That(Last?.FinishReason, Is.Null, "nothing comes after the last update");
            TokenIds.AddRange(update.TokenIds);
            Text += update.Text;
            Last = update;
        }
    }

    internal void AssertReference() => Assert.That(TokenIds, Is.EqualTo(HashModel.Generate(prompt, maxNewTokens)));

    internal void AssertReferencePrefix()
    {
        List<int> expected = HashModel.Generate(prompt, maxNewTokens);
        Assert.That(TokenIds, Is.EqualTo(expected[..Math.Min(TokenIds.Count, expected.Count)]));
    }
}
