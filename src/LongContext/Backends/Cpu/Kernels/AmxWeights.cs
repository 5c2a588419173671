using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Some outputs' weights of some features in bfloat16, in the order in which tiles read them: [panels][steps][32 outputs][32 features].</summary>
internal readonly unsafe struct AmxWeights
{
    private const int Step = AmxProductWriter.Step, Width = AmxProductWriter.Width;
    private const int RowBytes = Step * sizeof(ushort), StepBytes = Width * RowBytes;
    private const int FetchAhead = 4; // rows

    private readonly DType _type;
    private readonly int _blockSteps;
    private readonly float* _row;
    private readonly float* _scratch;

    /// <summary>Lays it out from <paramref name="memory"/> on.</summary>
    internal AmxWeights(float* memory, DType type, int blockSteps, int panels)
    {
        (_type, _blockSteps) = (type, blockSteps);
        Tiles = (byte*)memory;
        _row = memory + (panels * (long)blockSteps * StepBytes / sizeof(float));
        _scratch = _row + (blockSteps * Step);
    }

    /// <summary>The weights.</summary>
    internal byte* Tiles { get; }

    /// <summary>Floats of memory.</summary>
    internal static long ScratchFloats(int blockSteps, int panels) =>
        (panels * (long)blockSteps * StepBytes / sizeof(float)) + (blockSteps * Step) + RowDecoder<Simd512, Vector512<float>>.ScratchFloats;

    /// <summary>Writes <paramref name="outputs"/> outputs' features from <paramref name="step"/> on; zeros beyond the outputs and features there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Pack(in LinearArguments a, int first, int outputs, int step)
    {
        int start = step * Step;
        int features = Math.Min(_blockSteps * Step, a.Features - start);
        int steps = (features + Step - 1) / Step;
        long offset = BlockFormat.Of(_type).ByteCount(start);
        int bytes = (int)BlockFormat.Of(_type).ByteCount(features);
        for (int output = 0; output < (outputs + Width - 1) / Width * Width; output++)
        {
            byte* target = Tiles + (output / Width * (long)steps * StepBytes) + (output % Width * RowBytes);
            if (output >= outputs)
            {
                for (int i = 0; i < steps; i++)
                {
                    Vector512<byte>.Zero.Store(target + (i * (long)StepBytes));
                }

                continue;
            }

            byte* source = a.W + ((first + (long)output) * a.WStride) + offset;
            Prefetch.Fetch(source + (FetchAhead * a.WStride), bytes);
            if (_type == DType.BF16)
            {
                Copy((ushort*)source, features, target);
                continue;
            }

            new Span<float>(_row + features, (steps * Step) - features).Clear();
            RowDecoder<Simd512, Vector512<float>>.Decode(_type, source, _row, features, _scratch);
            for (int i = 0; i < steps; i++)
            {
                BF16Lanes.Round(_row + (i * Step)).Store((ushort*)(target + (i * (long)StepBytes)));
            }
        }
    }

    private static void Copy(ushort* source, int features, byte* target)
    {
        int whole = features / Step;
        for (int i = 0; i < whole; i++)
        {
            Vector512.Load(source + (i * Step)).Store((ushort*)(target + (i * (long)StepBytes)));
        }

        if (whole * Step < features)
        {
            Span<ushort> last = new(target + (whole * (long)StepBytes), Step);
            last.Clear();
            new ReadOnlySpan<ushort>(source + (whole * Step), features - (whole * Step)).CopyTo(last);
        }
    }
}
