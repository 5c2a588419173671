namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What the kernel of turned tiles is told: it reads the fields at their offsets, and moves some on as it goes. Strides in bytes.</summary>
internal unsafe struct TurnedDotArguments
{
    /// <summary>The first tile's first row's pairs of the lane.</summary>
    internal float* X;

    /// <summary>From a row to the next; tiles follow each other.</summary>
    internal long XStride;

    /// <summary>[Steps, 64], the lane's pairs of each output.</summary>
    internal float* W;

    /// <summary>Pairs of the lane, at least 1.</summary>
    internal long Steps;

    /// <summary>Tiles of rows, at least 1.</summary>
    internal long Tiles;

    /// <summary>Of the first tile: earlier sums, one after another, that are added before the result is written.</summary>
    internal float* Sums;

    /// <summary>From a tile's sums to the next tile's.</summary>
    internal long SumsStride;

    /// <summary>How many sums are added.</summary>
    internal long Joined;

    /// <summary>The first tile's first row's first output, written.</summary>
    internal float* Y;

    /// <summary>From a row of results to the next.</summary>
    internal long YStride;

    /// <summary>From a tile's results to the next tile's.</summary>
    internal long YTileStride;
}
