using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models.Architectures;

[TestFixture]
internal sealed class Gemma3ConformanceTests : ArchitectureConformance
{
    protected override IReadOnlyList<string> Configs =>
    [
        """
        {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "hidden_size": 36, "num_hidden_layers": 4,
         "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 12, "intermediate_size": 48, "vocab_size": 53,
         "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_theta": 1000000, "rope_local_base_freq": 10000,
         "rope_scaling": {"rope_type": "linear", "factor": 8.0}, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 5,
         "sliding_window_pattern": 3, "query_pre_attn_scalar": 12, "attn_logit_softcapping": null, "torch_dtype": "float32"}
        """,
        """
        {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "hidden_size": 36, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12, "intermediate_size": 48, "vocab_size": 53,
         "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 5,
         "layer_types": ["full_attention", "sliding_attention"], "query_pre_attn_scalar": 20, "torch_dtype": "float32",
         "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0},
                             "sliding_attention": {"rope_type": "default", "rope_theta": 300.0}}}
        """,
    ];

    protected override bool HasGguf(ReferenceModel model) => model.Find("rope_parameters") is null;
}
