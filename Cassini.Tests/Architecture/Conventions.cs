using System.CodeDom.Compiler;
using System.Reactive.Subjects;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Cassini.Tests.Architecture;

/// <summary>Rules of style that reflection can see. Each returns what breaks it.</summary>
internal static class Conventions
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Types other than the owner that hold or even mention a subject of Rx.</summary>
    public static IEnumerable<string> SubjectsOutside(string owner, IEnumerable<Type> types) =>
        from type in types
        where Outermost(type).FullName != owner
        from reference in TypeReferences.Of(type)
        where IsSubject(reference.Used)
        select $"{type.FullName}, {reference.Where}, uses {reference.Used.Name}";

    /// <summary>Subjects that another assembly can see: whoever has one can publish, or end the sequence.</summary>
    public static IEnumerable<string> SubjectsOnTheSurface(IEnumerable<Type> types) =>
        from type in types
        where type.IsVisible
        from visible in Surface(type)
        where TypeReferences.Flatten(visible.Used).Any(IsSubject)
        select $"{type.FullName}, {visible.Where}";

    /// <summary>Classes that are neither sealed nor abstract, nor meant to be derived from.</summary>
    public static IEnumerable<string> OpenClasses(IEnumerable<Type> types) =>
        from type in types
        where type is { IsClass: true, IsSealed: false, IsAbstract: false } && !IsGenerated(type)
        select $"{type.FullName} is neither sealed nor static nor abstract";

    /// <summary>Whether a compiler or a source generator made the type.</summary>
    public static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || type.IsDefined(typeof(GeneratedCodeAttribute), inherit: false)
        || type.Name.StartsWith('<')
        || (type.Namespace ?? "").Split('.')[0] is "System" or "Microsoft"
        || (type.DeclaringType is { } declaring && IsGenerated(declaring));

    private static bool IsSubject(Type type) => type.GetInterfaces().Append(type).Any(candidate =>
        candidate.IsGenericType
        && (candidate.GetGenericTypeDefinition() == typeof(ISubject<>) || candidate.GetGenericTypeDefinition() == typeof(ISubject<,>)));

    private static Type Outermost(Type type) => type.DeclaringType is { } declaring ? Outermost(declaring) : type;

    private static IEnumerable<(string Where, Type? Used)> Surface(Type type)
    {
        yield return ("its base type", type.BaseType);
        foreach (var implemented in type.GetInterfaces())
        {
            yield return ("its interfaces", implemented);
        }

        foreach (var field in type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly))
        {
            yield return ($"field {field.Name}", field.FieldType);
        }

        var methods = type.GetMembers(Declared).OfType<MethodBase>()
            .Where(method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly);
        foreach (var method in methods)
        {
            foreach (var parameter in TypeReferences.Parameters(method))
            {
                yield return ($"method {method.Name}", parameter.ParameterType);
            }
        }
    }
}
