namespace LongContext.Loading;

/// <summary>One tensor as a safetensors header declares it; nothing but JSON has been checked yet.</summary>
internal sealed record SafetensorsEntry(string Name, string Type, ulong[] Shape, ulong Begin, ulong End, long At);
