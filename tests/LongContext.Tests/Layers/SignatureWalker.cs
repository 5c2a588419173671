using System.Reflection.Metadata;

namespace LongContext.Tests.Layers;

/// <summary>Visits every type handle of a signature blob (ECMA-335 II.23.2).</summary>
internal sealed class SignatureWalker(Action<EntityHandle> use)
{
    internal void Field(BlobReader blob)
    {
        blob.ReadSignatureHeader();
        Next(ref blob);
    }

    internal void Method(BlobReader blob) => MethodAt(ref blob);

    internal void Locals(BlobReader blob)
    {
        blob.ReadSignatureHeader();
        Several(ref blob);
    }

    internal void MethodSpecification(BlobReader blob) => Locals(blob);

    internal void Type(BlobReader blob) => Next(ref blob);

    private void MethodAt(ref BlobReader blob)
    {
        SignatureHeader header = blob.ReadSignatureHeader();
        if (header.IsGeneric)
        {
            blob.ReadCompressedInteger();
        }

        int parameters = blob.ReadCompressedInteger();
        for (int i = 0; i <= parameters; i++) // the return type first
        {
            Next(ref blob);
        }
    }

    private void Several(ref BlobReader blob)
    {
        for (int left = blob.ReadCompressedInteger(); left > 0; left--)
        {
            Next(ref blob);
        }
    }

    private void Next(ref BlobReader blob)
    {
        while (true)
        {
            SignatureTypeCode code = blob.ReadSignatureTypeCode();
            switch (code)
            {
                case SignatureTypeCode.TypeHandle:
                    use(blob.ReadTypeHandle());
                    return;
                case SignatureTypeCode.RequiredModifier or SignatureTypeCode.OptionalModifier:
                    use(blob.ReadTypeHandle());
                    continue;
                case SignatureTypeCode.Pointer or SignatureTypeCode.ByReference or SignatureTypeCode.SZArray
                    or SignatureTypeCode.Pinned or SignatureTypeCode.Sentinel:
                    continue; // the type follows
                case SignatureTypeCode.GenericTypeInstance:
                    Next(ref blob);
                    Several(ref blob);
                    return;
                case SignatureTypeCode.GenericTypeParameter or SignatureTypeCode.GenericMethodParameter:
                    blob.ReadCompressedInteger();
                    return;
                case SignatureTypeCode.FunctionPointer:
                    MethodAt(ref blob);
                    return;
                case SignatureTypeCode.Array:
                    Next(ref blob);
                    blob.ReadCompressedInteger(); // rank, then sizes, then lower bounds
                    Numbers(ref blob);
                    Numbers(ref blob);
                    return;
                default:
                    return; // a primitive
            }
        }
    }

    private static void Numbers(ref BlobReader blob)
    {
        for (int left = blob.ReadCompressedInteger(); left > 0; left--)
        {
            blob.ReadCompressedInteger();
        }
    }
}
