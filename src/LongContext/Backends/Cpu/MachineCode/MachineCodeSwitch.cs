namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Whether the environment lets the process run code that it generates.</summary>
internal static class MachineCodeSwitch
{
    /// <summary>Set to "off" to keep to managed code.</summary>
    internal const string Variable = "LONGCONTEXT_MACHINE_CODE";

    /// <summary>Read anew at every call.</summary>
    /// <exception cref="ConfigurationException">The variable is set to something else.</exception>
    internal static bool IsOn => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => true,
        "off" => false,
        string value => throw new ConfigurationException([$"{Variable} is '{value}'; it must be off or unset."]),
    };
}
