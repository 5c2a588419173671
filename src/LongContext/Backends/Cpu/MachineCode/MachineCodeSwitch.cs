namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Whether the environment lets the process run code that it generates.</summary>
internal static class MachineCodeSwitch
{
    /// <summary>Set to "off" to keep to managed code.</summary>
    internal const string Variable = "LONGCONTEXT_MACHINE_CODE";

    /// <summary>Set to "off" to leave the tile registers (AMX) alone.</summary>
    internal const string AmxVariable = "LONGCONTEXT_AMX";

    /// <summary>Read anew at every call.</summary>
    /// <exception cref="ConfigurationException">The variable is set to something else.</exception>
    internal static bool IsOn => IsUnset(Variable);

    /// <summary>Whether that code may use tile registers.</summary>
    /// <exception cref="ConfigurationException">A variable is set to something else.</exception>
    internal static bool IsAmxOn => IsUnset(AmxVariable) && IsOn;

    private static bool IsUnset(string variable) => Environment.GetEnvironmentVariable(variable) switch
    {
        null or "" => true,
        "off" => false,
        string value => throw new ConfigurationException([$"{variable} is '{value}'; it must be off or unset."]),
    };
}
