using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace LongContext.Ilgpu;

/// <summary>Finds the driver library where only its versioned name is installed, as on machines without the CUDA toolkit.</summary>
/// <remarks>ILGPU imports the plain name "cuda", which Linux looks up as libcuda.so; without it ILGPU silently sees no device.</remarks>
internal static class NativeLibraryNames
{
    private static readonly Lock Gate = new();
    private static bool _installed;

    internal static void Install()
    {
        lock (Gate)
        {
            if (_installed || !OperatingSystem.IsLinux())
            {
                return;
            }

            _installed = true;
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
            }
            catch (InvalidOperationException)
            {
                // the application has set a resolver of its own: it decides
            }
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "cuda" && NativeLibrary.TryLoad("libcuda.so.1", assembly, path, out nint handle) ? handle : 0; // 0: the default look-up goes on
}
