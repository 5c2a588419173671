using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class Qwen3ConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        """
        {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 48, "vocab_size": 53, "max_position_embeddings": 256,
         "rms_norm_eps": 1e-6, "rope_theta": 1000000, "hidden_act": "silu", "tie_word_embeddings": true, "sliding_window": null}
        """,
    ];
}
