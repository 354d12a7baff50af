using System.Reflection;

namespace Cassini.Tests.Architecture;

/// <summary>
/// Every type that a type mentions in its metadata and in its method bodies. The compiler's own nested types (closures,
/// state machines) are types like others and have the namespace of the type they are made for.
/// Not seen, because the compiler leaves no trace: constants of another type, nameof, and enum values that are neither
/// stored nor passed as their enum.
/// </summary>
internal static class TypeReferences
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlySet<(string Where, Type Used)> Of(Type type)
    {
        var found = new HashSet<(string, Type)>();
        Note("its base type", type.BaseType);
        foreach (var declared in DeclaredInterfaces(type))
        {
            Note("its interfaces", declared);
        }

        NoteGenericParameters("its type parameters", type.GetGenericArguments());
        NoteAttributes("its attributes", type.GetCustomAttributesData());
        foreach (var member in type.GetMembers(Declared))
        {
            var where = $"{member.MemberType.ToString().ToLowerInvariant()} {member.Name}";
            NoteAttributes(where, member.GetCustomAttributesData());
            switch (member)
            {
                case FieldInfo field:
                    Note(where, field.FieldType);
                    break;
                case MethodBase method:
                    NoteSignature(where, method);
                    NoteBody(where, method);
                    break;
            }
        }

        return found;

        void Note(string where, Type? used)
        {
            foreach (var part in Flatten(used))
            {
                found.Add((where, part));
            }
        }

        void NoteAttributes(string where, IList<CustomAttributeData> attributes)
        {
            foreach (var attribute in attributes)
            {
                Note(where, attribute.AttributeType);
                foreach (var argument in attribute.ConstructorArguments.Concat(attribute.NamedArguments.Select(named => named.TypedValue)))
                {
                    Note(where, argument.ArgumentType);
                    Note(where, argument.Value as Type);
                }
            }
        }

        void NoteGenericParameters(string where, Type[] parameters)
        {
            foreach (var parameter in parameters.Where(parameter => parameter.IsGenericParameter))
            {
                NoteAttributes(where, parameter.GetCustomAttributesData());
                foreach (var constraint in parameter.GetGenericParameterConstraints())
                {
                    Note(where, constraint);
                }
            }
        }

        void NoteSignature(string where, MethodBase method)
        {
            foreach (var parameter in Parameters(method))
            {
                Note(where, parameter.ParameterType);
                NoteAttributes(where, parameter.GetCustomAttributesData());
            }

            NoteGenericParameters(where, method.IsGenericMethod ? method.GetGenericArguments() : []);
        }

        void NoteBody(string where, MethodBase method)
        {
            if (method.GetMethodBody() is not { } body)
            {
                return;
            }

            foreach (var local in body.LocalVariables)
            {
                Note(where, local.LocalType);
            }

            foreach (var clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
            {
                Note(where, clause.CatchType);
            }

            foreach (var member in MethodBodyReader.MembersIn(method, body))
            {
                foreach (var used in Mentioned(member))
                {
                    Note(where, used);
                }
            }
        }
    }

    /// <summary>A type with all types nested in it, the compiler's among them.</summary>
    public static IEnumerable<Type> WithNested(Type type) =>
        type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(WithNested).Prepend(type);

    /// <summary>A type with the types it is built of: the element of an array, the arguments of a generic type.</summary>
    public static IEnumerable<Type> Flatten(Type? type)
    {
        if (type is null || type.IsGenericParameter)
        {
            return [];
        }

        if (type.HasElementType)
        {
            return Flatten(type.GetElementType());
        }

        if (type.IsFunctionPointer)
        {
            return type.GetFunctionPointerParameterTypes().Append(type.GetFunctionPointerReturnType()).SelectMany(Flatten);
        }

        return type.IsConstructedGenericType
            ? type.GenericTypeArguments.SelectMany(Flatten).Prepend(type.GetGenericTypeDefinition())
            : [type];
    }

    public static IEnumerable<ParameterInfo> Parameters(MethodBase method) =>
        method is MethodInfo { ReturnParameter: { } returned } ? method.GetParameters().Append(returned) : method.GetParameters();

    // What a body must know to use a member: the type that declares it, and the types of its signature.
    private static IEnumerable<Type?> Mentioned(MemberInfo member) => member switch
    {
        Type type => [type],
        FieldInfo field => [field.DeclaringType, field.FieldType],
        MethodBase method =>
        [
            method.DeclaringType,
            .. Parameters(method).Select(parameter => parameter.ParameterType),
            .. method.IsGenericMethod ? method.GetGenericArguments() : [],
        ],
        _ => throw new NotSupportedException($"A method body mentions a {member.MemberType}."),
    };

    // Reflection lists what is inherited as well; that is for the base type or the other interface to answer for.
    private static IEnumerable<Type> DeclaredInterfaces(Type type)
    {
        var all = type.GetInterfaces();
        return all.Except(type.BaseType?.GetInterfaces() ?? []).Except(all.SelectMany(other => other.GetInterfaces()));
    }
}
