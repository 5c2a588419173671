using LongContext.Sampling;
using NUnit.Framework;

namespace LongContext.Tests.Sampling;

[TestFixture]
internal sealed class StopConditionsTests
{
    private static readonly GenerationOptions Options = new() { MaxNewTokens = 3, StopSequences = ["END"], StopTokenIds = [7, 2] };

    [TestCase(1, EndOfSequenceHandling.Stop, FinishReason.EndOfSequence)]
    [TestCase(1, EndOfSequenceHandling.Ignore, null)]
    [TestCase(7, EndOfSequenceHandling.Stop, FinishReason.StopSequence)]
    [TestCase(7, EndOfSequenceHandling.Ignore, FinishReason.StopSequence)]
    [TestCase(2, EndOfSequenceHandling.Stop, FinishReason.StopSequence)] // the model's and the request's
    [TestCase(5, EndOfSequenceHandling.Stop, null)]
    public void OnToken_EndsAtTheModelsAndTheRequestsTokens(int token, EndOfSequenceHandling handling, FinishReason? expected)
    {
        StopConditions conditions = new(Options with { EndOfSequence = handling }, [1, 2]);
        Assert.That(conditions.OnToken(token), Is.EqualTo(expected));
        Assert.That(conditions.GeneratedTokens, Is.EqualTo(1));
    }

    [Test]
    public void LimitReached_AtTheLastToken_GivesTheTextHeldBack()
    {
        StopConditions conditions = new(Options, []);
        foreach ((string text, string shown, bool isLast) in new[] { ("a", "a", false), ("bE", "b", false), ("N", "", true) })
        {
            Assert.That(conditions.OnToken(0), Is.Null);
            Assert.That(conditions.OnText(text), Is.EqualTo((shown, false)));
            Assert.That(conditions.LimitReached, Is.EqualTo(isLast));
        }

        Assert.That(conditions.Finish("x"), Is.EqualTo(("ENx", false)));
    }

    [Test]
    public void Finish_RestCompletesAStopSequence_StopsThere()
    {
        StopConditions conditions = new(Options, []);
        Assert.That(conditions.OnText("aEN"), Is.EqualTo(("a", false)));
        Assert.That(conditions.Finish("D!"), Is.EqualTo(("", true)));
    }
}
