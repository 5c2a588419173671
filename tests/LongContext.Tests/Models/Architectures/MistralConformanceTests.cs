using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class MistralConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        """
        {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": 40, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 16, "intermediate_size": 48, "vocab_size": 53,
         "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": 6, "hidden_act": "silu"}
        """,
        """
        {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": 32, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 48, "vocab_size": 53,
         "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "sliding_window": null, "rope_parameters": {"rope_type": "default", "rope_theta": 700.0}}
        """,
    ];

    protected override bool HasGguf(ReferenceModel model) => model.Find("rope_parameters") is null;
}
