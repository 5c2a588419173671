using System.Runtime.CompilerServices;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Models.Rotary;

/// <summary>Cosines and sines of one step's positions for one set of frequencies; computed once a step, read by every layer.</summary>
/// <remarks>
/// Angles are formed in double precision: at position 10⁶ the float product of position and frequency is off by up to 0.03 radians.
/// Knows no heads and no layout.
/// </remarks>
internal sealed class RotaryTable : IDisposable
{
    private readonly IBackend _backend;
    private readonly double[] _inverseFrequencies;
    private readonly double _attentionFactor;
    private readonly float[] _hostCos;
    private readonly float[] _hostSin;
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    /// <summary>Allocates the tables of steps of at most <paramref name="maxTokens"/> tokens.</summary>
    internal RotaryTable(IBackend backend, RotaryParameters parameters, int contextLength, int maxTokens)
    {
        _backend = backend;
        _inverseFrequencies = parameters.Scaling.InverseFrequencies(parameters.Theta, parameters.Dimensions, contextLength);
        _attentionFactor = parameters.Scaling.AttentionFactor;
        int pairs = _inverseFrequencies.Length;
        (_hostCos, _hostSin) = (new float[checked(maxTokens * pairs)], new float[checked(maxTokens * pairs)]);
        _cos = backend.Allocate(DType.F32, new TensorShape(maxTokens, pairs));
        _sin = backend.Allocate(DType.F32, new TensorShape(maxTokens, pairs));
    }

    /// <summary>[tokens, pairs]: cosines of the last <see cref="Update"/>, times the attention factor.</summary>
    internal Tensor Cos { get; private set; }

    /// <summary>[tokens, pairs]: sines, likewise.</summary>
    internal Tensor Sin { get; private set; }

    /// <summary>Bytes of the device tables of one set of frequencies.</summary>
    internal static long ByteCount(RotaryParameters parameters, int maxTokens) =>
        checked(2L * maxTokens * (parameters.Dimensions / 2) * sizeof(float));

    /// <summary>Computes the tables of this step's positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Update(ReadOnlySpan<int> positions)
    {
        int pairs = _inverseFrequencies.Length;
        for (int t = 0; t < positions.Length; t++)
        {
            for (int i = 0; i < pairs; i++)
            {
                (double sin, double cos) = Math.SinCos(positions[t] * _inverseFrequencies[i]);
                _hostCos[(t * pairs) + i] = (float)(cos * _attentionFactor);
                _hostSin[(t * pairs) + i] = (float)(sin * _attentionFactor);
            }
        }

        (Cos, Sin) = (_cos.Slice(0, positions.Length), _sin.Slice(0, positions.Length));
        _backend.Upload<float>(_hostCos.AsSpan(0, positions.Length * pairs), Cos);
        _backend.Upload<float>(_hostSin.AsSpan(0, positions.Length * pairs), Sin);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cos.Storage?.Dispose();
        _sin.Storage?.Dispose();
    }
}
