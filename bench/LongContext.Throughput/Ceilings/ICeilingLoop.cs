namespace LongContext.Throughput.Ceilings;

/// <summary>A few milliseconds of one kind of work.</summary>
internal interface ICeilingLoop
{
    /// <summary>Does thread <paramref name="index"/>'s part and returns its units: operations or bytes, the same for every thread.</summary>
    double Run(int index);
}
