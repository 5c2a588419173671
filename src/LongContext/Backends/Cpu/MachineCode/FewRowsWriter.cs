using System.Runtime.InteropServices;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Tensors;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes kernels of few quantised rows against 16 weight rows where they lie. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// Lanes are outputs. A block of 32 features of 16 weight rows is turned in registers, so that one register holds the same four features of
/// all; then every row of x multiplies it, four of its bytes for all lanes. So weights are read, unpacked and turned once for all rows, and
/// a sum over a block is a lane: no sums across lanes. The arithmetic is <see cref="Int8Products"/>'s.
/// </remarks>
internal sealed partial class FewRowsWriter
{
    /// <summary>Outputs that a kernel takes together.</summary>
    internal const int Outputs = 16;

    /// <summary>Most rows that a kernel takes together: their sums stay in registers 0 to 15.</summary>
    internal const int MostRows = 16;

    /// <summary>Floats of scratch: 16 lanes for each of up to 16 factors and 24 registers of packed weights.</summary>
    internal const int ScratchFloats = (16 + 24) * Outputs;

    /// <summary>Bytes that must be readable after the last weight where <see cref="ReadsPastTheEnd"/>.</summary>
    internal const int PastTheEnd = 16;

    private const int VectorBytes = 64;
    private const int ScaleAt = Int8KernelWriter.Block, StartAt = ScaleAt + sizeof(float), SecondAt = StartAt + sizeof(int); // of a block of x
    private const int FactorsAt = 0, KeptAt = 16 * VectorBytes;

    private static readonly VectorRegister Integer = new(25), Factor = new(26), Scale = new(27), Second = new(28), Mask = new(29), Low = new(30), High = new(31);

    private readonly Assembler _a;
    private readonly int _rows;
    private readonly int _blockBytes;
    private readonly int _recordBytes;
    private readonly Int8Layout _layout;
    private readonly int _places; // of a step for requests ahead
    private int _place;

    private FewRowsWriter(Assembler a, DType type, int rows, int places)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostRows);
        (_a, _rows, _places) = (a, rows, places);
        _layout = Int8Panel.Layout(type);
        (_blockBytes, _recordBytes) = (BlockFormat.Of(type).BytesPerBlock, Int8KernelWriter.RowBlockBytes(_layout));
    }

    /// <summary>Whether there are kernels for <paramref name="type"/>.</summary>
    internal static bool Has(DType type) => Int8Products.Suits(type);

    /// <summary>Whether the kernel reads past a block's end, by less than <see cref="PastTheEnd"/> bytes.</summary>
    internal static bool ReadsPastTheEnd(DType type) => BlockFormat.Of(type).BytesPerBlock < 32;

    /// <summary>Writes the kernel for <paramref name="rows"/> rows, 1 to <see cref="MostRows"/>.</summary>
    internal static void Write(Assembler a, DType type, int rows)
    {
        FewRowsWriter counting = new(new Assembler(), type, rows, places: 0);
        counting.Step(type);
        FewRowsWriter writer = new(a, type, rows, counting._place);
        writer.Groups(type);
    }

    private void Step(DType type)
    {
        switch (type)
        {
            case DType.Q8_0: StepQ8_0(); break;
            case DType.Q4_0: StepQ4_0(); break;
            case DType.Q4_1: StepQ4_1(); break;
            case DType.Q5_0: StepQ5_0(); break;
            case DType.Q5_1: StepQ5_1(); break;
            case DType.Q4_K: StepQ4_K(); break;
            case DType.Q5_K: StepQ5_K(); break;
            case DType.Q6_K: StepQ6_K(); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "No kernel for it.");
        }
    }

    /// <summary>The loops around one block of the format: over groups of outputs, over the features.</summary>
    private void Groups(DType type)
    {
        (Label group, Label step) = (new(), new());
        GeneralRegister[] saved = [Rbx, Rbp, R12, R13, R14];
        Array.ForEach(saved, _a.Push);
        _a.Mov(R8, Field(nameof(FewRowsArguments.WStride)));
        _a.Lea(R9, new Address(R8, 0, R8, 2));
        _a.Lea(R10, new Address(R8, 0, R8, 4));
        _a.Lea(R11, new Address(R9, 0, R8, 4));
        _a.Mov(Rbp, Field(nameof(FewRowsArguments.Groups)));
        _a.Mov(R12, Field(nameof(FewRowsArguments.Sums)));
        _a.Mov(R13, Field(nameof(FewRowsArguments.Scratch)));

        _a.Place(group);
        _a.Mov(Rsi, Field(nameof(FewRowsArguments.X)));
        _a.Mov(Rdx, Field(nameof(FewRowsArguments.W)));
        _a.Lea(Rax, new Address(Rdx, 0, R8, 8));
        _a.Lea(Rbx, new Address(Rax, 0, R8, 8));
        _a.Mov(Rcx, Field(nameof(FewRowsArguments.Steps)));
        for (int row = 0; row < _rows; row++)
        {
            _a.Vpxord(Sum(row), Sum(row), Sum(row));
        }

        _a.Place(step);
        Step(type);
        _a.Add(Rbx, Outputs * _blockBytes);
        _a.Add(Rsi, BlockFormat.Of(type).ElementsPerBlock / 32 * _rows * _recordBytes);
        _a.Add(Rdx, _blockBytes);
        _a.Add(Rax, _blockBytes);
        _a.Sub(Rcx, 1);
        _a.Jcc(Condition.NotEqual, step);

        for (int row = 0; row < _rows; row++)
        {
            _a.Vmovups(new Address(R12, row * VectorBytes), Sum(row));
        }

        _a.Add(R12, _rows * VectorBytes);
        _a.Mov(Rdx, Field(nameof(FewRowsArguments.W)));
        _a.Lea(Rdx, new Address(Rdx, 0, R8, 8));
        _a.Lea(Rdx, new Address(Rdx, 0, R8, 8));
        _a.Mov(Field(nameof(FewRowsArguments.W)), Rdx);
        _a.Sub(Rbp, 1);
        _a.Jcc(Condition.NotEqual, group);
        _a.Vzeroupper();
        Array.ForEach([.. saved.Reverse()], _a.Pop);
        _a.Ret();
    }

    /// <summary>All rows of x against one block of 32 features; <see cref="Scale"/> is loaded, and <see cref="Second"/> where the layout has one.</summary>
    /// <param name="block">Which block of the step.</param>
    /// <param name="weights">Eight registers of four features each.</param>
    private void Products(int block, ReadOnlySpan<VectorRegister> weights)
    {
        for (int row = 0; row < _rows; row++)
        {
            if (_layout == Int8Layout.TwoScales)
            {
                Dot(block, row, StartAt, weights, 0, 4);
                AddScaled(block, row, Scale);
                Dot(block, row, SecondAt, weights, 4, 8);
                AddScaled(block, row, Second);
                continue;
            }

            Dot(block, row, StartAt, weights, 0, 8);
            AddScaled(block, row, Scale);
            if (_layout == Int8Layout.ScaleAndMinimum)
            {
                _a.Vfmadd231psBroadcast(Sum(row), Second, X(block, row, SecondAt));
            }
        }
    }

    /// <summary><see cref="Integer"/> = where a block starts from + its products.</summary>
    private void Dot(int block, int row, int startAt, ReadOnlySpan<VectorRegister> weights, int first, int end)
    {
        if (_layout == Int8Layout.ScaleAndMinimum)
        {
            _a.Vpxord(Integer, Integer, Integer); // their zero is 0, and so is the start
        }
        else
        {
            _a.Vpbroadcastd(Integer, X(block, row, startAt));
        }

        for (int four = first; four < end; four++)
        {
            _a.VpdpbusdBroadcast(Integer, weights[four], X(block, row, four * 4));
            if (four % 4 == 3)
            {
                Ask();
            }
        }
    }

    private void AddScaled(int block, int row, VectorRegister scale)
    {
        _a.Vcvtdq2ps(Integer, Integer);
        _a.VmulpsBroadcast(Factor, scale, X(block, row, ScaleAt));
        _a.Vfmadd231ps(Sum(row), Integer, Factor);
    }

    /// <summary>A place where part of the next group may be asked for: it follows this one in memory, and so many streams the processor does not foresee.</summary>
    /// <remarks>A step's requests are spread over its places: a burst of them finds too few buffers free, which costs a third of the bandwidth.</remarks>
    private void Ask()
    {
        int lines = ((Outputs * _blockBytes) + VectorBytes - 1) / VectorBytes;
        int end = _places == 0 ? 0 : (int)((_place + 1L) * lines / _places);
        for (int line = (int)((long)_place * lines / Math.Max(_places, 1)); line < end; line++)
        {
            _a.Prefetcht0(new Address(Rbx, line * VectorBytes));
        }

        _place++;
    }

    private Address X(int block, int row, int offset) => new(Rsi, (((block * _rows) + row) * _recordBytes) + offset);

    /// <summary>Weight rows 0 to 7 count from rdx, 8 to 15 from rax, by the stride in r8 and its multiples by 3, 5 and 7 in r9, r10 and r11.</summary>
    private static Address W(int output, int offset)
    {
        GeneralRegister start = output < 8 ? Rdx : Rax;
        return (output % 8) switch
        {
            0 => new Address(start, offset),
            3 => new Address(start, offset, R9),
            5 => new Address(start, offset, R10),
            6 => new Address(start, offset, R9, 2),
            7 => new Address(start, offset, R11),
            int times => new Address(start, offset, R8, times),
        };
    }

    private static VectorRegister Sum(int row) => new(row);

    private static Address Field(string name) => new(Rdi, (int)Marshal.OffsetOf<FewRowsArguments>(name));
}
