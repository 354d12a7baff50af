namespace Cassini.Tests.Architecture;

/// <summary>One room's use of another.</summary>
/// <param name="From">The room that uses.</param>
/// <param name="To">The room that is used.</param>
/// <param name="User">The type that uses.</param>
/// <param name="Where">Where in it, for people.</param>
/// <param name="Used">The type that is used.</param>
internal sealed record Arrow(string From, string To, Type User, string Where, Type Used)
{
    /// <summary>The room of the types that live in a root namespace itself.</summary>
    public const string RootRoom = "(root)";

    /// <summary>The room of a type in a root namespace or below it; null for a type that lives elsewhere.</summary>
    public static string? RoomOf(Type type, string root) =>
        type.Namespace == root ? RootRoom
        : type.Namespace is { } space && space.StartsWith(root + ".", StringComparison.Ordinal) ? space[(root.Length + 1)..].Split('.')[0]
        : null;

    /// <summary>Every arrow between rooms below a root namespace that starts at one of these types.</summary>
    public static IEnumerable<Arrow> Among(IEnumerable<Type> types, string root) =>
        from type in types
        let @from = RoomOf(type, root)
        where @from is not null
        from reference in TypeReferences.Of(type)
        let to = RoomOf(reference.Used, root)
        where to is not null && to != @from
        select new Arrow(@from, to, type, reference.Where, reference.Used);

    public override string ToString() => $"{From} → {To}: {User.FullName}, {Where}, uses {Used.FullName}";
}
