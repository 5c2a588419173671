using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class Phi3ConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        """
        {"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 40, "vocab_size": 53, "max_position_embeddings": 256,
         "original_max_position_embeddings": 48, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "sliding_window": 9,
         "partial_rotary_factor": 0.75, "tie_word_embeddings": false,
         "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.25, 1.5], "long_factor": [2.0, 3.5, 9.0]}}
        """,
        """
        {"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4,
         "num_key_value_heads": 4, "intermediate_size": 40, "vocab_size": 53, "max_position_embeddings": 256,
         "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "rope_scaling": null, "sliding_window": null}
        """,
    ];

    // at 48, the pretraining context, the short factors hold; one token more and the long ones do
    protected override IReadOnlyList<int> ContextLengths => [48, 49];
}
