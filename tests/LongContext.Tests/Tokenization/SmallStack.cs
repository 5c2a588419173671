using System.Runtime.ExceptionServices;

namespace LongContext.Tests.Tokenization;

/// <summary>Runs something on a thread with a stack of 256 KB: recursion on input depth would end the process.</summary>
internal static class SmallStack
{
    internal static void Run(Action action)
    {
        ExceptionDispatchInfo? thrown = null;
        Thread thread = new(
            () =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    thrown = ExceptionDispatchInfo.Capture(e);
                }
            },
            256 * 1024);
        thread.Start();
        thread.Join();
        thrown?.Throw();
    }
}
