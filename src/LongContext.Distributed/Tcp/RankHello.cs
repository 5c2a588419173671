using System.Buffers.Binary;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>What a rank tells rank 0 at the start: what it was started with, and where it listens.</summary>
internal static class RankHello
{
    private const int FixedBytes = 16;

    internal const int MostBytes = FixedBytes + RankAddress.MostBytes;

    internal static byte[] Encode(TcpOptions options, RankAddress place)
    {
        byte[] bytes = [.. new byte[FixedBytes], .. place.Encode()];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, options.Communicator.OperationDeadline.Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), (int)options.Agreement);
        return bytes;
    }

    /// <summary>Reads what <paramref name="rank"/> says.</summary>
    /// <returns>Where it listens; null if its options differ, and then how, or if the bytes are no hello.</returns>
    internal static RankAddress? Decode(ReadOnlySpan<byte> bytes, TcpOptions options, int rank, out string problem)
    {
        problem = $"rank {rank} said something at the start that this version does not understand";
        if (bytes.Length < FixedBytes)
        {
            return null;
        }

        TimeSpan deadline = new(BinaryPrimitives.ReadInt64LittleEndian(bytes));
        AgreementCheck agreement = (AgreementCheck)BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (deadline != options.Communicator.OperationDeadline)
        {
            problem = Difference(nameof(CommunicatorOptions.OperationDeadline), options.Communicator.OperationDeadline, deadline, rank);
            return null;
        }

        if (agreement != options.Agreement)
        {
            problem = Difference(nameof(TcpOptions.Agreement), options.Agreement, agreement, rank);
            return null;
        }

        bytes = bytes[FixedBytes..];
        return RankAddress.Decode(ref bytes);
    }

    private static string Difference<T>(string name, T mine, T its, int rank) =>
        $"ranks were started with different settings: {name} is '{mine}' on rank 0, but '{its}' on rank {rank}";
}
