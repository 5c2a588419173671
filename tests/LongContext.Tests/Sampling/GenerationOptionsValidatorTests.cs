using LongContext.Sampling;
using NUnit.Framework;

namespace LongContext.Tests.Sampling;

[TestFixture]
internal sealed class GenerationOptionsValidatorTests
{
    private const int Vocabulary = 100;

    private static GenerationOptions With(SamplingOptions sampling) => new() { Sampling = sampling };

    private static Dictionary<int, float> Bias(int id, float bias) => new() { [id] = bias };

    private static IEnumerable<TestCaseData> Bad()
    {
        List<(string Field, GenerationOptions Options)> cases =
        [
            ("MaxNewTokens", new() { MaxNewTokens = 0 }),
            ("MaxNewTokens", new() { MaxNewTokens = int.MinValue }),
            ("EndOfSequence", new() { EndOfSequence = (EndOfSequenceHandling)9 }),
            ("TopLogProbabilities", new() { TopLogProbabilities = -1 }),
            ("TopLogProbabilities", new() { TopLogProbabilities = 101 }),
            ("TopLogProbabilities", new() { TopLogProbabilities = int.MaxValue }),
            ("Sampling", new() { Sampling = null! }),
            ("StopSequences", new() { StopSequences = null! }),
            ("StopSequences", new() { StopSequences = [.. Enumerable.Repeat("x", 65)] }),
            ("StopSequences[1]", new() { StopSequences = ["a", ""] }),
            ("StopSequences[0]", new() { StopSequences = [null!] }),
            ("StopSequences[0]", new() { StopSequences = [new string('x', 1_025)] }),
            ("StopSequences[0]", new() { StopSequences = [new string('x', 1_000_000)] }),
            ("StopSequences[0]", new() { StopSequences = ["a\ud800"] }),
            ("StopSequences[0]", new() { StopSequences = ["\udc00\ud800"] }),
            ("StopTokenIds", new() { StopTokenIds = null! }),
            ("StopTokenIds", new() { StopTokenIds = [.. Enumerable.Repeat(1, 1_025)] }),
            ("StopTokenIds[0]", new() { StopTokenIds = [-1] }),
            ("StopTokenIds[1]", new() { StopTokenIds = [0, Vocabulary] }),
            ("TopK", With(new() { TopK = -1 })),
            ("TopK", With(new() { TopK = int.MinValue })),
            ("TopP", With(new() { TopP = 0 })),
            ("LogitBias", With(new() { LogitBias = null! })),
            ("LogitBias", With(new() { LogitBias = Bias(Vocabulary, 1) })),
            ("LogitBias", With(new() { LogitBias = Bias(-1, 1) })),
            ("LogitBias[5]", With(new() { LogitBias = Bias(5, float.NaN) })),
            ("LogitBias[5]", With(new() { LogitBias = Bias(5, float.PositiveInfinity) })),
            ("LogitBias[5]", With(new() { LogitBias = Bias(5, 1e30f) })),
            ("LogitBias", With(new() { LogitBias = Enumerable.Range(0, Vocabulary).ToDictionary(i => i, _ => float.NegativeInfinity) })),
        ];
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, -1000.5f, 1000.5f })
        {
            cases.AddRange(
            [
                ("Temperature", With(new() { Temperature = value })),
                ("TopP", With(new() { TopP = value })),
                ("MinP", With(new() { MinP = value })),
                ("RepetitionPenalty", With(new() { RepetitionPenalty = value })),
                ("PresencePenalty", With(new() { PresencePenalty = value })),
                ("FrequencyPenalty", With(new() { FrequencyPenalty = value })),
            ]);
        }

        return cases.Select((c, i) => new TestCaseData(c.Field, c.Options).SetArgDisplayNames($"{i} {c.Field}"));
    }

    [TestCaseSource(nameof(Bad))]
    public void Validate_AFieldOutOfRange_IsATypedErrorThatNamesIt(string field, GenerationOptions options)
    {
        InvalidRequestException? error = Assert.Throws<InvalidRequestException>(() => GenerationOptionsValidator.Validate(options, Vocabulary));
        Assert.That(error!.Parameter, Does.EndWith("." + field));
    }

    [Test]
    public void Validate_TheEdgesOfAllRanges_Pass()
    {
        GenerationOptions[] good =
        [
            GenerationOptions.Default,
            new()
            {
                MaxNewTokens = int.MaxValue, TopLogProbabilities = 100, StopSequences = [new string('x', 1_024), "🙂"], StopTokenIds = [0, Vocabulary - 1],
                Sampling = new()
                {
                    Temperature = 100, TopK = int.MaxValue, TopP = float.Epsilon, MinP = 1, RepetitionPenalty = 100, PresencePenalty = -100, FrequencyPenalty = 100,
                    LogitBias = new Dictionary<int, float> { [0] = -10_000, [1] = 10_000, [2] = float.NegativeInfinity }, Seed = ulong.MaxValue,
                },
            },
            With(new() { RepetitionPenalty = 0.01f, PresencePenalty = 100, FrequencyPenalty = -100 }),
        ];
        foreach (GenerationOptions options in good)
        {
            Assert.That(() => GenerationOptionsValidator.Validate(options, Vocabulary), Throws.Nothing);
        }
    }

    [Test]
    public void Validate_ReturnsACopyThatLaterChangesDoNotReach()
    {
        List<string> stops = ["x"];
        List<int> ids = [1];
        Dictionary<int, float> bias = Bias(1, 1);
        GenerationOptions options = new() { StopSequences = stops, StopTokenIds = ids, Sampling = new() { LogitBias = bias } };
        GenerationOptions copy = GenerationOptionsValidator.Validate(options, Vocabulary);
        (stops[0], ids[0], bias[1]) = ("", -1, float.NaN);
        Assert.That((copy.StopSequences[0], copy.StopTokenIds[0], copy.Sampling.LogitBias[1]), Is.EqualTo(("x", 1, 1f)));
    }

    [Test]
    public void Validate_NoOptions_IsATypedError() =>
        Assert.That(() => GenerationOptionsValidator.Validate(null!, Vocabulary), Throws.TypeOf<InvalidRequestException>());
}
