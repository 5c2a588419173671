namespace LongContext.Ilgpu;

/// <summary>Which accelerator a backend takes.</summary>
public enum IlgpuDevice
{
    /// <summary>The first NVIDIA GPU; where there is none, ILGPU's CPU accelerator.</summary>
    Best,

    /// <summary>The first NVIDIA GPU.</summary>
    Cuda,

    /// <summary>ILGPU's CPU accelerator: the same kernels, slowly, to check them without a GPU.</summary>
    Cpu,
}
