using System.Runtime.CompilerServices;

namespace LongContext.Tests.Sessions;

/// <summary>A null reference as the processor finds it: a fault, a signal on the thread's stack, an exception, caught.</summary>
internal static class NullReference
{
    internal static void ThrowAndCatch()
    {
        try
        {
            _ = Length(null!);
        }
        catch (NullReferenceException)
        {
            return;
        }

        throw new InvalidOperationException("Nothing was thrown.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(int[] array) => array.Length;
}
