using System.Text;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>What every rank tells every other one first, in a fixed number of bytes: the values that all must share, and its host.</summary>
internal static class MpiStartRecord
{
    internal const int Bytes = 1024;

    private const string Protocol = "longcontext-mpi-1";

    /// <summary>This rank's.</summary>
    internal static void Write(Span<byte> record, CommunicatorOptions options, string mpi)
    {
        string version = typeof(Communicator).Assembly.GetName().Version?.ToString() ?? "";
        string order = BitConverter.IsLittleEndian ? "little-endian" : "big-endian";
        string deadline = $"{options.OperationDeadline.TotalSeconds} s";
        string text = string.Join('\n', [Protocol, version, order, deadline, Short(mpi, 200), Short(Environment.MachineName, 200)]);
        record.Clear();
        Encoding.UTF8.GetBytes(text, record);
    }

    /// <summary>The host in a record.</summary>
    internal static string Host(ReadOnlySpan<byte> record) => Read(record)[^1];

    /// <summary>A sentence if two ranks differ in what they must share; null if they do not.</summary>
    internal static string? Difference(ReadOnlySpan<byte> mine, int rank, ReadOnlySpan<byte> theirs, int other)
    {
        string[] names = ["protocol", "LongContext version", "byte order", nameof(CommunicatorOptions.OperationDeadline), "MPI library"];
        (string[] first, string[] second) = (Read(mine), Read(theirs));
        for (int i = 0; i < names.Length; i++)
        {
            string its = i < second.Length - 1 ? second[i] : "absent";
            if (first[i] != its)
            {
                return $"Ranks were started with different settings: {names[i]} is '{first[i]}' on rank {rank}, but '{its}' on rank {other}.";
            }
        }

        return null;
    }

    private static string[] Read(ReadOnlySpan<byte> record) => Encoding.UTF8.GetString(record.TrimEnd((byte)0)).Split('\n');

    private static string Short(string text, int most) => text.Length <= most ? text : text[..most];
}
