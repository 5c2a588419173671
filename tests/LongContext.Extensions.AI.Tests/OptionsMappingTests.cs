using Microsoft.Extensions.AI;
using NUnit.Framework;

namespace LongContext.Extensions.AI.Tests;

[TestFixture]
internal sealed class OptionsMappingTests
{
    private static readonly GenerationOptions Defaults = new()
    {
        MaxNewTokens = 77,
        StopSequences = ["END"],
        Sampling = new SamplingOptions { Temperature = 0.5f, TopK = 5, TopP = 0.5f, MinP = 0.1f, Seed = 9 },
    };

    [Test]
    public void Map_OptionsThatSayNothing_LeavesTheDefaults()
    {
        Assert.That(OptionsMapping.Map(null, null!, Defaults), Is.SameAs(Defaults));
        GenerationOptions mapped = OptionsMapping.Map(new ChatOptions(), null!, Defaults);
        Assert.That(mapped, Is.EqualTo(Defaults));
    }

    [Test]
    public void Map_EveryOptionUnderstood_IsTaken()
    {
        ChatOptions options = new()
        {
            Temperature = 1.5f, TopK = 40, TopP = 0.9f, MaxOutputTokens = 12, StopSequences = ["A", "B"], Seed = -1,
            PresencePenalty = 0.25f, FrequencyPenalty = 0.75f, ResponseFormat = ChatResponseFormat.Text,
        };

        GenerationOptions mapped = OptionsMapping.Map(options, null!, Defaults);

        Assert.That(mapped.MaxNewTokens, Is.EqualTo(12));
        Assert.That(mapped.StopSequences, Is.EqualTo(new[] { "A", "B" }));
        Assert.That(mapped.Sampling with { LogitBias = Defaults.Sampling.LogitBias }, Is.EqualTo(Defaults.Sampling with
        {
            Temperature = 1.5f, TopK = 40, TopP = 0.9f, PresencePenalty = 0.25f, FrequencyPenalty = 0.75f, Seed = ulong.MaxValue,
        }));
    }

    [Test]
    public void Map_RawRepresentation_IsWhereTheOptionsStart()
    {
        ChatOptions options = new()
        {
            TopK = 3,
            RawRepresentationFactory = _ => new GenerationOptions { Sampling = new SamplingOptions { MinP = 0.3f, TopK = 8 } },
        };

        GenerationOptions mapped = OptionsMapping.Map(options, null!, Defaults);

        Assert.That((mapped.Sampling.MinP, mapped.Sampling.TopK, mapped.MaxNewTokens), Is.EqualTo((0.3f, 3, 256)));
    }

    [Test]
    public void Map_WhatCannotBeDone_IsRefusedByName()
    {
        Assert.That(() => Map(new ChatOptions { Tools = [new HostedWebSearchTool()] }), Refusal("ChatOptions.Tools"));
        Assert.That(() => Map(new ChatOptions { ResponseFormat = ChatResponseFormat.Json }), Refusal("ChatOptions.ResponseFormat"));
        Assert.That(() => Map(new ChatOptions { ConversationId = "7" }), Refusal("ChatOptions.ConversationId"));
        Assert.That(
            () => Map(new ChatOptions { RawRepresentationFactory = _ => "options" }), Refusal("ChatOptions.RawRepresentationFactory"));

        static GenerationOptions Map(ChatOptions options) => OptionsMapping.Map(options, null!, Defaults);
        static NUnit.Framework.Constraints.IResolveConstraint Refusal(string parameter) =>
            Throws.TypeOf<InvalidRequestException>().With.Property(nameof(InvalidRequestException.Parameter)).EqualTo(parameter);
    }
}
