namespace LongContext.Ilgpu;

/// <summary>Adds the ILGPU backend to the session builder.</summary>
public static class IlgpuSessionExtensions
{
    /// <summary>Compute with ILGPU. The device is opened when the session is built, and closed with it.</summary>
    /// <param name="builder">The session's builder.</param>
    /// <param name="device">Which accelerator.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static InferenceSessionBuilder UseIlgpu(this InferenceSessionBuilder builder, IlgpuDevice device = IlgpuDevice.Best)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseBackend(() => IlgpuBackend.Create(device));
    }
}
