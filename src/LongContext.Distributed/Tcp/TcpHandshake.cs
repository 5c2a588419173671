using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace LongContext.Distributed.Tcp;

/// <summary>The first bytes of a connection: each side proves that it knows the secret before the other reads anything more from it.</summary>
/// <remarks>
/// Both send a greeting of 48 bytes with 32 random ones; then the side that connected sends an HMAC-SHA256 over its role and both greetings,
/// and the side that listens does, once that is right. Without a secret the key is a constant that everybody knows.
/// </remarks>
internal static class TcpHandshake
{
    /// <summary>Bytes of a greeting: all that is read of a stranger before its proof.</summary>
    internal const int GreetingBytes = 48;

    private const int NonceStart = 16;

    private static ReadOnlySpan<byte> Magic => "LCTCP\0\0\u0001"u8;

    /// <summary>The key that both sides must have.</summary>
    internal static byte[] KeyOf(string? secret) => SHA256.HashData(Encoding.UTF8.GetBytes("LongContext TCP 1\n" + secret));

    /// <summary>Greets as the side that connected.</summary>
    /// <returns>The other side's rank and size; null if the connection ended first, with <paramref name="isStranger"/> if over the secret.</returns>
    internal static (int Rank, int Size)? Connect(Socket socket, byte[] key, int rank, int size, StartDeadline deadline, out bool isStranger)
    {
        isStranger = false;
        byte[] mine = Greeting(rank, size);
        byte[] its = new byte[GreetingBytes];
        if (!BlockingStream.TryWrite(socket, mine, deadline) || !BlockingStream.TryRead(socket, its, deadline) || !IsGreeting(its))
        {
            return null;
        }

        byte[] proof = new byte[HMACSHA256.HashSizeInBytes];
        isStranger = !BlockingStream.TryWrite(socket, Proof(key, 'C', mine, its), deadline)
            || !BlockingStream.TryRead(socket, proof, deadline)
            || !CryptographicOperations.FixedTimeEquals(proof, Proof(key, 'L', mine, its));
        return isStranger ? null : Read(its);
    }

    /// <summary>Greets as the side that listens.</summary>
    /// <returns>The other side's rank and size; null if it does not know the secret, or sends anything else.</returns>
    internal static (int Rank, int Size)? Accept(Socket socket, byte[] key, int rank, int size, StartDeadline deadline)
    {
        byte[] its = new byte[GreetingBytes];
        if (!BlockingStream.TryRead(socket, its, deadline) || !IsGreeting(its))
        {
            return null;
        }

        byte[] mine = Greeting(rank, size);
        byte[] proof = new byte[HMACSHA256.HashSizeInBytes];
        bool knows = BlockingStream.TryWrite(socket, mine, deadline)
            && BlockingStream.TryRead(socket, proof, deadline)
            && CryptographicOperations.FixedTimeEquals(proof, Proof(key, 'C', its, mine));
        return knows && BlockingStream.TryWrite(socket, Proof(key, 'L', its, mine), deadline) ? Read(its) : null;
    }

    private static byte[] Greeting(int rank, int size)
    {
        byte[] greeting = new byte[GreetingBytes];
        Magic.CopyTo(greeting);
        BinaryPrimitives.WriteInt32LittleEndian(greeting.AsSpan(8), rank);
        BinaryPrimitives.WriteInt32LittleEndian(greeting.AsSpan(12), size);
        RandomNumberGenerator.Fill(greeting.AsSpan(NonceStart));
        return greeting;
    }

    private static bool IsGreeting(ReadOnlySpan<byte> bytes) => bytes[..Magic.Length].SequenceEqual(Magic);

    private static (int Rank, int Size) Read(ReadOnlySpan<byte> greeting) =>
        (BinaryPrimitives.ReadInt32LittleEndian(greeting[8..]), BinaryPrimitives.ReadInt32LittleEndian(greeting[12..]));

    private static byte[] Proof(byte[] key, char role, ReadOnlySpan<byte> connector, ReadOnlySpan<byte> listener)
    {
        byte[] text = new byte[1 + (2 * GreetingBytes)];
        text[0] = (byte)role;
        connector.CopyTo(text.AsSpan(1));
        listener.CopyTo(text.AsSpan(1 + GreetingBytes));
        return HMACSHA256.HashData(key, text);
    }
}
