using LongContext.Tensors;
using LongContext.Tests.Sessions.Ranks;
using LongContext.Tests.Shared.Reference;

namespace LongContext.Tests.Models;

/// <summary>Counts the rows that linear layers compute.</summary>
internal sealed class RowCountingBackend() : PassingBackend(new ReferenceBackend())
{
    internal int LinearRows { get; private set; }

    public override void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        LinearRows += input.Rows;
        base.Linear(input, weight, bias, output);
    }
}
