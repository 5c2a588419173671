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
    private const int GroupRows = 8, PieceFeatures = 256; // 8 KB decoded; whole blocks of every format

    private readonly DType _type;
    private readonly int _blockSteps;
    private readonly float* _decoded;
    private readonly float* _scratch;

    /// <summary>Lays it out from <paramref name="memory"/> on.</summary>
    internal AmxWeights(float* memory, DType type, int blockSteps, int panels)
    {
        (_type, _blockSteps) = (type, blockSteps);
        Tiles = (byte*)memory;
        _decoded = memory + (panels * (long)blockSteps * StepBytes / sizeof(float));
        _scratch = _decoded + (GroupRows * PieceFeatures);
    }

    /// <summary>The weights.</summary>
    internal byte* Tiles { get; }

    /// <summary>Floats of memory.</summary>
    internal static long ScratchFloats(int blockSteps, int panels) =>
        (panels * (long)blockSteps * StepBytes / sizeof(float)) + (GroupRows * PieceFeatures) + RowDecoder<Simd512, Vector512<float>>.ScratchFloats;

    /// <summary>Writes <paramref name="outputs"/> outputs' features from <paramref name="step"/> on; zeros beyond the outputs and features there are.</summary>
    /// <remarks>Some outputs' few features at a time: lines that are neighbours in the tiles are written together.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Pack(in LinearArguments a, int first, int outputs, int step)
    {
        int start = step * Step;
        int features = Math.Min(_blockSteps * Step, a.Features - start);
        int steps = (features + Step - 1) / Step;
        long offset = BlockFormat.Of(_type).ByteCount(start);
        int padded = (outputs + Width - 1) / Width * Width;
        for (int output = 0; output < padded; output += GroupRows)
        {
            byte* target = Tiles + (output / Width * (long)steps * StepBytes) + (output % Width * RowBytes);
            byte* source = a.W + ((first + (long)output) * a.WStride) + offset;
            int rows = Math.Clamp(outputs - output, 0, GroupRows);
            for (int feature = 0; feature < features; feature += PieceFeatures)
            {
                int count = Math.Min(PieceFeatures, features - feature);
                Piece(source + BlockFormat.Of(_type).ByteCount(feature), a.WStride, rows, count, target);
                target += PieceFeatures / Step * StepBytes;
            }
        }
    }

    /// <summary>A few features of some outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Piece(byte* source, long stride, int rows, int features, byte* target)
    {
        int steps = (features + Step - 1) / Step;
        bool isInPlace = _type == DType.BF16 && features % Step == 0;
        if (!isInPlace)
        {
            int bytes = (int)BlockFormat.Of(_type).ByteCount(features);
            for (int row = 0; row < rows; row++)
            {
                float* values = _decoded + (row * PieceFeatures);
                Prefetch.Fetch(source + ((row + GroupRows) * stride), bytes); // the same of the next group
                RowDecoder<Simd512, Vector512<float>>.Decode(_type, source + (row * stride), values, features, _scratch);
                new Span<float>(values + features, (steps * Step) - features).Clear();
            }
        }

        for (int step = 0; step < steps; step++)
        {
            for (int row = 0; row < GroupRows; row++)
            {
                Vector512<ushort> line = row >= rows ? default
                    : isInPlace ? Vector512.Load((ushort*)(source + (row * stride)) + (step * Step))
                    : BF16Lanes.Round(_decoded + (row * PieceFeatures) + (step * Step));
                line.Store((ushort*)(target + (row * RowBytes)));
            }

            target += StepBytes;
        }
    }
}
