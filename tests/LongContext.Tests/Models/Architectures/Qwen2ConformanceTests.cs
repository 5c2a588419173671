using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class Qwen2ConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        """
        {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 48, "vocab_size": 53, "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
         "rope_theta": 1000.0, "hidden_act": "silu", "tie_word_embeddings": true, "use_sliding_window": false, "sliding_window": 4,
         "max_window_layers": 1, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}}
        """,
        """
        {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
         "num_key_value_heads": 4, "intermediate_size": 48, "vocab_size": 53, "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
         "rope_theta": 1000.0, "hidden_act": "silu", "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 1}
        """,
    ];

    protected override bool HasGguf(ReferenceModel model) => !model.Config.GetProperty("use_sliding_window").GetBoolean();
}
