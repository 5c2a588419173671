namespace LongContext.Backends;

/// <summary>What a backend computes on.</summary>
/// <param name="Name">Short name: "cpu", "ilgpu".</param>
/// <param name="Device">The device in words: vector width and threads, or the accelerator's name.</param>
/// <param name="Parallelism">Worker threads or multiprocessors.</param>
public sealed record BackendInfo(string Name, string Device, int Parallelism);
