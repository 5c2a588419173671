namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>One page of 64 keys and values in bytes, as the generated kernels take it; their other operands lie page after page too.</summary>
internal unsafe struct BytePage
{
    /// <summary>Keys a page must have.</summary>
    internal const int Keys = 64;

    /// <summary>[headDim / 4][64][4].</summary>
    internal byte* KeyCodes;

    /// <summary>[16][paddedHeadDim][4].</summary>
    internal byte* ValueCodes;

    /// <summary>Bytes from the keys to what is wanted next: fetched line for line as they are read; any number will do.</summary>
    internal long KeysAhead;

    /// <summary>Likewise from the values.</summary>
    internal long ValuesAhead;

    /// <summary>[64].</summary>
    internal float* KeyScales;

    /// <summary>[64], log₂ of the values' scales: what scores add to, so that weights carry the scales.</summary>
    internal float* ValueLogs;

    /// <summary>[64], 1 over the values' scales, 0 for keys that no row sees.</summary>
    internal float* ValueInverses;
}
