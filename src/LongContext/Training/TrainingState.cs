using System.Runtime.InteropServices;

namespace LongContext.Training;

/// <summary>A training's weights and optimisers in a file, so that it can be taken up again. Little-endian; replaced only when the new one is complete.</summary>
internal static class TrainingState
{
    private const ulong Magic = 0x3153_4448_4C43_4C01; // "LCLHDS1" and a version

    /// <summary>Where the state of heads written to <paramref name="output"/> is kept.</summary>
    internal static string PathOf(string output) => output + ".state";

    internal static void Write(string path, string description, int step, IReadOnlyList<HeadNetwork> heads)
    {
        string partial = path + ".partial";
        using (BinaryWriter writer = new(new FileStream(partial, FileMode.Create, FileAccess.Write)))
        {
            writer.Write(Magic);
            writer.Write(description);
            writer.Write(step);
            foreach (float[] array in heads.SelectMany(Arrays))
            {
                writer.Write(MemoryMarshal.AsBytes<float>(array));
            }
        }

        File.Move(partial, path, overwrite: true);
    }

    /// <summary>Reads a state into <paramref name="heads"/>.</summary>
    /// <returns>Steps done.</returns>
    /// <exception cref="ModelFormatException">The file is damaged, or of another training.</exception>
    internal static int Read(string path, string description, IReadOnlyList<HeadNetwork> heads)
    {
        try
        {
            using BinaryReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read));
            if (reader.ReadUInt64() != Magic)
            {
                throw new ModelFormatException(path, "", "it is no state of a training of retaining heads.");
            }

            string found = reader.ReadString();
            if (found != description)
            {
                throw new ModelFormatException(
                    path, "", $"it is of another training ({found}, not {description}). Train with the same options and texts, or delete it.");
            }

            int step = reader.ReadInt32();
            foreach (float[] array in heads.SelectMany(Arrays))
            {
                reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(array.AsSpan()));
            }

            return step;
        }
        catch (EndOfStreamException e)
        {
            throw new ModelFormatException(path, "", "the file is cut off. Delete it to begin anew.", innerException: e);
        }
    }

    private static IEnumerable<float[]> Arrays(HeadNetwork head) =>
    [
        head.First, head.Second, head.FirstOptimizer.Mean, head.FirstOptimizer.Square, head.SecondOptimizer.Mean, head.SecondOptimizer.Square,
    ];
}
