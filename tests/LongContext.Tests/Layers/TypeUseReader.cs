using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace LongContext.Tests.Layers;

/// <summary>Reads which types of an assembly name which others of it: bases, fields, signatures, attributes, locals and method bodies.</summary>
internal sealed class TypeUseReader(PEReader assembly)
{
    private readonly MetadataReader _metadata = assembly.GetMetadataReader();
    private readonly HashSet<TypeUse> _uses = [];
    private string _from = "";

    internal List<TypeUse> Read()
    {
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            string? name = NameOf(handle);
            if (name is not null)
            {
                _from = name;
                ReadType(_metadata.GetTypeDefinition(handle));
            }
        }

        return [.. _uses.OrderBy(u => u.From, StringComparer.Ordinal).ThenBy(u => u.To, StringComparer.Ordinal)];
    }

    private void ReadType(TypeDefinition type)
    {
        Use(type.BaseType);
        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
        {
            Use(_metadata.GetInterfaceImplementation(handle).Interface);
        }

        Constraints(type.GetGenericParameters());
        Attributes(type.GetCustomAttributes());
        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            FieldDefinition field = _metadata.GetFieldDefinition(handle);
            Attributes(field.GetCustomAttributes());
            new SignatureWalker(Use).Field(_metadata.GetBlobReader(field.Signature));
        }

        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            ReadMethod(_metadata.GetMethodDefinition(handle));
        }
    }

    private void ReadMethod(MethodDefinition method)
    {
        new SignatureWalker(Use).Method(_metadata.GetBlobReader(method.Signature));
        Constraints(method.GetGenericParameters());
        Attributes(method.GetCustomAttributes());
        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        MethodBodyBlock body = assembly.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            new SignatureWalker(Use).Locals(_metadata.GetBlobReader(_metadata.GetStandaloneSignature(body.LocalSignature).Signature));
        }

        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            Use(region.CatchType);
        }

        foreach (int token in IlTokens.Of(body.GetILReader()))
        {
            EntityHandle handle = (EntityHandle)MetadataTokens.Handle(token);
            if (handle.Kind != HandleKind.UserString)
            {
                Use(handle);
            }
        }
    }

    private void Constraints(GenericParameterHandleCollection parameters)
    {
        foreach (GenericParameterHandle handle in parameters)
        {
            foreach (GenericParameterConstraintHandle constraint in _metadata.GetGenericParameter(handle).GetConstraints())
            {
                Use(_metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }
    }

    private void Attributes(CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            Use(_metadata.GetCustomAttribute(handle).Constructor);
        }
    }

    /// <summary>Notes the types of this assembly that a handle leads to.</summary>
    private void Use(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return; // an interface's base, a catch-all
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                string? to = NameOf((TypeDefinitionHandle)handle);
                if (to is not null && to != _from)
                {
                    _uses.Add(new TypeUse(_from, to));
                }

                break;
            case HandleKind.TypeSpecification:
                new SignatureWalker(Use).Type(_metadata.GetBlobReader(_metadata.GetTypeSpecification((TypeSpecificationHandle)handle).Signature));
                break;
            case HandleKind.MethodDefinition:
                Use(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Use(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                Use(_metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification method = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Use(method.Method);
                new SignatureWalker(Use).MethodSpecification(_metadata.GetBlobReader(method.Signature));
                break;
            default:
                break; // another assembly's type, or nothing
        }
    }

    /// <summary>The outermost type's name; null for what the compiler made at the top level.</summary>
    private string? NameOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = _metadata.GetTypeDefinition(type.GetDeclaringType());
        }

        string space = _metadata.GetString(type.Namespace);
        return space == "LongContext" || space.StartsWith("LongContext.", StringComparison.Ordinal)
            ? $"{space}.{_metadata.GetString(type.Name)}"
            : null;
    }
}
