using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class Gemma2ConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        """
        {"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "hidden_size": 36, "num_hidden_layers": 3, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 12, "intermediate_size": 48, "vocab_size": 53, "max_position_embeddings": 256,
         "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 5,
         "query_pre_attn_scalar": 12, "attn_logit_softcapping": 1.5, "final_logit_softcapping": 2.0, "torch_dtype": "float32"}
        """,
    ];
}
