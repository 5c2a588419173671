using System.Text.Json;

namespace LongContext.Cli.Output;

/// <summary>Writes arrays of numbers as JSON.</summary>
internal static class NumberArrays
{
    internal static void WriteIds(this Utf8JsonWriter writer, string name, IReadOnlyList<int> ids)
    {
        writer.WriteStartArray(name);
        foreach (int id in ids)
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
    }

    /// <summary>Every number in the shortest form that reads back as the same <see cref="float"/>; JSON has no NaN, it becomes the text "NaN".</summary>
    internal static void WriteNumbers(this Utf8JsonWriter writer, ReadOnlySpan<float> numbers)
    {
        writer.WriteStartArray();
        foreach (float number in numbers)
        {
            if (float.IsFinite(number))
            {
                writer.WriteNumberValue(number);
            }
            else
            {
                writer.WriteStringValue(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        writer.WriteEndArray();
    }
}
