using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>A backend whose matrix products may do something first, such as throw.</summary>
internal sealed class FailingBackend(Action beforeLinear) : PassingBackend(new ReferenceBackend())
{
    public override void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        beforeLinear();
        base.Linear(input, weight, bias, output);
    }
}
