using System.Diagnostics;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>As many hosts as a test needs, on one machine: network namespaces on one bridge, with links that can be cut.</summary>
internal sealed class NetworkNamespaces : IDisposable
{
    private readonly int _hosts;
    private readonly string _bridge;

    /// <summary>Ignores the test where this is not permitted.</summary>
    internal NetworkNamespaces(int hosts)
    {
        _hosts = hosts;
        Name = $"lct{Environment.ProcessId}h";
        _bridge = $"lct{Environment.ProcessId}b";
        if (!OperatingSystem.IsLinux() || Ip($"netns add {_bridge}") is { Length: > 0 })
        {
            Assert.Ignore("Network namespaces cannot be made here: no link can be cut. Needs Linux, ip, and root.");
        }

        Must($"-n {_bridge} link add bridge type bridge");
        Must($"-n {_bridge} link set bridge up");
        for (int host = 0; host < hosts; host++)
        {
            Must($"netns add {Name}{host}");
            Must($"-n {_bridge} link add port{host} type veth peer name eth0 netns {Name}{host}");
            Must($"-n {_bridge} link set port{host} master bridge up");
            Must($"-n {Name}{host} addr add {Address(host)}/24 dev eth0");
            Must($"-n {Name}{host} link set eth0 up");
            Must($"-n {Name}{host} link set lo up");
        }
    }

    /// <summary>A host's namespace is this and its number.</summary>
    internal string Name { get; }

    internal static string Address(int host) => $"10.231.7.{host + 1}";

    /// <summary>Nothing gets to this host or from it any more.</summary>
    internal void Cut(int host) => Must($"-n {_bridge} link set port{host} down");

    /// <summary>Addresses on which something listens there, as ss prints them.</summary>
    internal string[] Listening(int host)
    {
        (string output, _) = Execute("ss", $"-Htln -N {Name}{host}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3])];
    }

    public void Dispose()
    {
        for (int host = 0; host < _hosts; host++)
        {
            Ip($"netns del {Name}{host}");
        }

        Ip($"netns del {_bridge}");
    }

    private void Must(string command)
    {
        if (Ip(command) is { Length: > 0 } error)
        {
            Dispose();
            Assert.Ignore($"ip {command}: {error}");
        }
    }

    private static string Ip(string command) => Execute("ip", command).Error;

    private static (string Output, string Error) Execute(string program, string arguments)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (output, process.ExitCode == 0 ? "" : error + " ");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ("", e.Message); // not installed
        }
    }
}
