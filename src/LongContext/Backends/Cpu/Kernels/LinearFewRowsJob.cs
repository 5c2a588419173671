using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Quantised rows of x against weights where they lie; a piece is a worker, who claims panels of outputs.</summary>
internal readonly unsafe struct LinearFewRowsJob(
    FewRowsKernels kernels, LinearArguments arguments, byte* rows, DType type, int passRows, int panel, PanelClaims claims, WorkerScratch scratch) : IJob
{
    private const int Group = FewRowsWriter.Outputs;
    private const int SumsOfACall = 128; // vectors: 8 KB, written and read back in the first-level cache

    private readonly FewRowsKernels _kernels = kernels;
    private readonly LinearArguments _arguments = arguments;
    private readonly byte* _rows = rows;
    private readonly DType _type = type;
    private readonly int _passRows = passRows;
    private readonly int _panel = panel;
    private readonly PanelClaims _claims = claims;
    private readonly WorkerScratch _scratch = scratch;

    /// <summary>Floats of scratch a worker needs: sums, the kernel's own, and weight rows of a last group that is not whole.</summary>
    internal static long ScratchFloats(in LinearArguments a) =>
        (SumsOfACall * Group) + FewRowsWriter.ScratchFloats + (((Group * a.WStride) + FewRowsWriter.PastTheEnd) / sizeof(float)) + 1;

    public void Execute(int worker, long start, long end)
    {
        for (long claimed = _claims.Next(worker); claimed >= 0; claimed = _claims.Next(worker))
        {
            int first = (int)claimed * _panel;
            int outputs = Math.Min(_panel, _arguments.Outputs - first);
            bool mayReadOn = first + outputs < _arguments.Outputs || !FewRowsWriter.ReadsPastTheEnd(_type);
            int whole = (mayReadOn ? outputs : outputs - 1) / Group * Group;
            byte* w = _arguments.W + (first * _arguments.WStride);
            Passes(worker, first, whole, w);
            if (whole < outputs)
            {
                Passes(worker, first + whole, outputs - whole, Fill(worker, w + (whole * _arguments.WStride), outputs - whole));
            }
        }
    }

    /// <summary>Copies weight rows of a last group to where more may be read, and fills it up with zeros.</summary>
    private byte* Fill(int worker, byte* w, int outputs)
    {
        byte* filled = (byte*)(_scratch[worker] + (SumsOfACall * Group) + FewRowsWriter.ScratchFloats);
        for (int o = 0; o < Group; o++)
        {
            Span<byte> row = new(filled + (o * _arguments.WStride), (int)_arguments.WStride);
            if (o < outputs)
            {
                new ReadOnlySpan<byte>(w + (o * _arguments.WStride), row.Length).CopyTo(row);
            }
            else
            {
                row.Clear();
            }
        }

        return filled;
    }

    /// <summary>All rows against some outputs.</summary>
    private void Passes(int worker, int first, int outputs, byte* w)
    {
        float* sums = _scratch[worker];
        int blocks = _arguments.Features / Int8Products.Block;
        int groups = (outputs + Group - 1) / Group;
        for (int row = 0; row < _arguments.Rows && groups > 0; row += _passRows)
        {
            int rows = Math.Min(_passRows, _arguments.Rows - row);
            int groupsOfACall = SumsOfACall / rows;
            for (int group = 0; group < groups; group += groupsOfACall)
            {
                int count = Math.Min(groupsOfACall, groups - group);
                _kernels.Dot(rows, new FewRowsArguments
                {
                    X = _rows + Int8RowsJob.Bytes(row, blocks, Int8Panel.Layout(_type)),
                    W = w + (group * Group * _arguments.WStride),
                    WStride = _arguments.WStride,
                    Steps = _arguments.Features / BlockFormat.Of(_type).ElementsPerBlock,
                    Groups = count,
                    Sums = sums,
                    Scratch = sums + (SumsOfACall * Group),
                });
                Finish(sums, row, rows, first + (group * Group), Math.Min(outputs - (group * Group), count * Group));
            }
        }
    }

    /// <summary>Adds the bias and writes y.</summary>
    private void Finish(float* sums, int row, int rows, int first, int outputs)
    {
        for (int o = 0; o < outputs; o += Group)
        {
            int count = Math.Min(Group, outputs - o);
            for (int r = 0; r < rows; r++, sums += Group)
            {
                float* y = _arguments.Y + ((long)(row + r) * _arguments.Outputs) + first + o;
                float* bias = _arguments.Bias == null ? null : _arguments.Bias + first + o;
                if (count == Group)
                {
                    Vector512<float> sum = Vector512.Load(sums);
                    (bias == null ? sum : sum + Vector512.Load(bias)).Store(y);
                    continue;
                }

                for (int i = 0; i < count; i++)
                {
                    y[i] = sums[i] + (bias == null ? 0 : bias[i]);
                }
            }
        }
    }
}
