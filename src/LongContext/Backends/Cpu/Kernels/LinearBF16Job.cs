using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear over rows of x that were rounded to bfloat16; a piece is a panel of outputs.</summary>
/// <remarks>BF16 weights of whole steps are used where they lie, and so is Q8_0 for one row; all others are decoded and rounded first.</remarks>
internal readonly unsafe struct LinearBF16Job(
    BF16Kernels kernels, LinearArguments arguments, DType type, int steps, int panel, int ahead, WorkerScratch scratch) : IJob
{
    private const int Group = BF16KernelWriter.Outputs;
    private const int Width = 16;
    private const int SumsOfACall = 24 * Group; // 6 KB of sums: written and read back in the first-level cache

    private readonly BF16Kernels _kernels = kernels;
    private readonly LinearArguments _arguments = arguments;
    private readonly DType _type = type;
    private readonly int _steps = steps;
    private readonly int _panel = panel;
    private readonly int _ahead = ahead;
    private readonly WorkerScratch _scratch = scratch;

    private bool IsFused => _type == DType.Q8_0 && _arguments.Rows == 1;

    private bool IsInPlace => IsFused || (_type == DType.BF16 && _arguments.Features == _steps * BF16KernelWriter.Step);

    /// <summary>Floats that a rounded row takes: one cache line more than it has, so that rows do not compete for the same sets.</summary>
    internal static long RowFloats(int steps) => (steps + 1L) * (BF16KernelWriter.Step / 2);

    /// <summary>Floats of scratch a worker needs: sums, one decoded row, what decoding wants, <paramref name="ahead"/> rounded rows.</summary>
    internal static long ScratchFloats(int steps, int ahead) =>
        (SumsOfACall * Width) + ((long)steps * BF16KernelWriter.Step) + RowDecoder<Simd512, Vector512<float>>.ScratchFloats + (ahead * RowFloats(steps));

    public void Execute(int worker, long start, long end)
    {
        LinearArguments a = _arguments;
        int limit = (int)Math.Min(end * _panel, a.Outputs);
        for (int first = (int)start * _panel; first < limit;)
        {
            int outputs = Math.Min(_panel, limit - first);
            int whole = outputs / Group * Group;
            byte* w = a.W + (first * a.WStride);
            if (IsInPlace && whole > 0)
            {
                Rows(worker, first, whole, w, a.WStride, IsFused);
                first += whole;
                continue;
            }

            outputs = Math.Min(outputs, _ahead);
            byte* decoded = Decode(worker, w, outputs);
            Rows(worker, first, outputs, decoded, RowFloats(_steps) * sizeof(float), isFused: false);
            first += outputs;
        }
    }

    /// <summary>Decodes and rounds weight rows; a last group that is not whole is filled up with what lies there.</summary>
    private byte* Decode(int worker, byte* w, int outputs)
    {
        int n = _arguments.Features;
        float* row = _scratch[worker] + (SumsOfACall * Width);
        float* bytes = row + ((long)_steps * BF16KernelWriter.Step);
        float* rounded = bytes + RowDecoder<Simd512, Vector512<float>>.ScratchFloats;
        new Span<float>(row + n, (_steps * BF16KernelWriter.Step) - n).Clear();
        for (int o = 0; o < outputs; o++)
        {
            Prefetch.Fetch(w + ((o + Group) * _arguments.WStride), (int)_arguments.WStride); // the same row of the next group
            RowDecoder<Simd512, Vector512<float>>.Decode(_type, w + (o * _arguments.WStride), row, n, bytes);
            _kernels.Round(row, (ushort*)(rounded + (o * RowFloats(_steps))), _steps);
        }

        return (byte*)rounded;
    }

    /// <summary>All rows against some outputs.</summary>
    private void Rows(int worker, int first, int outputs, byte* w, long wStride, bool isFused)
    {
        int passes = (_arguments.Rows + BF16Kernels.MostRows - 1) / BF16Kernels.MostRows;
        for (int row = 0, pass = 0; pass < passes; pass++)
        {
            int rows = (_arguments.Rows - row + passes - pass - 1) / (passes - pass); // 8 rows as 4 and 4, not as 6 and 2
            int groupsOfACall = SumsOfACall / (rows * Group);
            int groups = (outputs + Group - 1) / Group;
            for (int group = 0; group < groups; group += groupsOfACall)
            {
                DotArguments dot = new()
                {
                    X = (ushort*)(_scratch.Shared + (row * RowFloats(_steps))),
                    XStride = RowFloats(_steps) * sizeof(float),
                    W = w + (group * Group * wStride),
                    WStride = wStride,
                    Steps = _steps,
                    Groups = Math.Min(groupsOfACall, groups - group),
                    Sums = _scratch[worker],
                };
                if (isFused)
                {
                    _kernels.DotQ8(dot);
                }
                else if (IsInPlace && pass == 0)
                {
                    _kernels.DotFromMemory(rows, dot);
                }
                else
                {
                    _kernels.Dot(rows, dot);
                }

                int offset = group * Group;
                AddUp(dot.Sums, row, rows, first + offset, Math.Min(outputs - offset, groupsOfACall * Group));
            }

            row += rows;
        }
    }

    private void AddUp(float* sums, int row, int rows, int first, int outputs)
    {
        for (int o = 0; o < outputs; o += Group)
        {
            int count = Math.Min(Group, outputs - o);
            for (int r = 0; r < rows; r++)
            {
                Vector128<float> sum = Simd512.Sum4(
                    Vector512.Load(sums), Vector512.Load(sums + Width), Vector512.Load(sums + (2 * Width)), Vector512.Load(sums + (3 * Width)));
                sums += Group * Width;
                float* y = _arguments.Y + ((long)(row + r) * _arguments.Outputs) + first + o;
                float* bias = _arguments.Bias == null ? null : _arguments.Bias + first + o;
                if (count == Group)
                {
                    (bias == null ? sum : sum + Vector128.Load(bias)).Store(y);
                    continue;
                }

                for (int i = 0; i < count; i++)
                {
                    y[i] = sum[i] + (bias == null ? 0 : bias[i]);
                }
            }
        }
    }
}
