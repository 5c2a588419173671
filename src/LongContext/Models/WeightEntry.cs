namespace LongContext.Models;

/// <summary>One tensor that an architecture needs.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Layer">Its layer, or −1.</param>
/// <param name="Name">What this file calls it.</param>
/// <param name="Dimensions">Its exact shape: [rows, columns] or [n].</param>
internal sealed record WeightEntry(WeightRole Role, int Layer, string Name, long[] Dimensions)
{
    /// <summary>Number of weights.</summary>
    internal long ElementCount => Dimensions.Aggregate(1L, (product, d) => checked(product * d));

    /// <summary>Norms and biases; kept in F32.</summary>
    internal bool IsVector => Dimensions.Length == 1;

    /// <summary>"[a, b]".</summary>
    internal static string Format(IEnumerable<long> dimensions) => $"[{string.Join(", ", dimensions)}]";
}
