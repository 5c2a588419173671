using LongContext.Loading;
using LongContext.Models;

namespace LongContext.Tests.Sessions;

/// <summary>What the builder would say of a model on a machine with so much memory.</summary>
internal sealed class SessionSizesProbe(string model)
{
    internal List<string> Problems(long? memory)
    {
        using ModelFiles files = ModelDirectory.Open(model);
        List<string> problems = [];
        new SessionSizes(new SessionConfiguration { ModelPath = model }, CausalLM.ReadConfig(files), weightBytes: 0).FindProblems(problems, memory);
        return problems;
    }
}
