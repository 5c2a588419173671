using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>As many hosts as a test needs, on one machine: network namespaces on one bridge, with links that can be cut.</summary>
/// <remarks>Disposing it ends every process in them, and takes them away.</remarks>
internal sealed class NetworkNamespaces : IDisposable
{
    private static int _made;

    private readonly int _hosts;
    private readonly string _bridge;
    private readonly string _agent;

    /// <summary>Ignores the test where this is not permitted.</summary>
    internal NetworkNamespaces(int hosts)
    {
        _hosts = hosts;
        string unique = $"lct{Environment.ProcessId}n{Interlocked.Increment(ref _made)}";
        Name = unique + "h";
        _bridge = unique + "b";
        _agent = Path.Combine(Path.GetTempPath(), unique + "agent");
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

    /// <summary>A program that starts others there, called as a remote shell: the host's address, then the command's words.</summary>
    /// <remarks>What it starts has a host name of its own: launchers take equal names for one host.</remarks>
    internal string RemoteShell()
    {
        File.WriteAllText(_agent, $$"""
            #!/bin/sh
            while [ "${1#-}" != "$1" ]; do shift; done
            host=$((${1##*.} - 1))
            shift
            exec ip netns exec {{Name}}$host unshare --uts sh -c "hostname {{Name}}$host && exec sh -c \"\$*\"" sh "$@"

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_agent, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return _agent;
    }

    /// <summary>Words before a command that has it run there.</summary>
    internal IReadOnlyList<string> On(int host) =>
        ["ip", "netns", "exec", Name + host, "unshare", "--uts", "sh", "-c", $"hostname {Name}{host} && exec \"$0\" \"$@\""];

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
            EndProcesses(Name + host);
            Ip($"netns del {Name}{host}");
            foreach (string left in Directory.GetDirectories(Path.GetTempPath(), $"ompi.{Name}{host}.*"))
            {
                Directory.Delete(left, recursive: true); // what Open MPI's daemons would have taken away themselves
            }
        }

        Ip($"netns del {_bridge}");
        File.Delete(_agent);
    }

    /// <summary>A launcher's daemons are nobody's children.</summary>
    private static void EndProcesses(string name)
    {
        foreach (string id in Execute("ip", $"netns pids {name}").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using Process process = Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture));
                process.Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // ended by itself
            }
        }
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
