namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>The interpreted code did what a processor, or the test's memory, does not allow.</summary>
internal sealed class MachineFault(string message) : Exception(message);
