using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class LlamaConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        Json("\"rope_scaling\": null"),
        Json("\"tie_word_embeddings\": true, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.5}"),
        Json(
            """
            "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 64}
            """),
    ];

    private static string Json(string more) =>
        $$"""
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 48, "vocab_size": 53, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
         "rope_theta": 500.0, "hidden_act": "silu", {{more}}}
        """;
}
