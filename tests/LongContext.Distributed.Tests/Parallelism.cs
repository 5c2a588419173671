using NUnit.Framework;

// Rank processes share the machine: fixtures that mostly wait may run two tests at a time, all others run alone.
[assembly: LevelOfParallelism(2)]
