namespace Cassini.Tests.Architecture.Specimens.Beta;

internal interface IThing;

internal class Thing : IThing
{
    public static readonly int Number = 7;

    public static int Count() => Number;
}

internal enum ThingKind
{
    Small,
}

internal sealed class ThingException : Exception;

internal delegate void ThingHappened();

internal sealed class Box<T>
{
    public T? Content { get; init; }
}

internal static class ThingExtensions
{
    public static int Describe(this object any, ThingKind kind = ThingKind.Small) => any.GetHashCode() + (int)kind;
}

[AttributeUsage(AttributeTargets.All)]
internal sealed class ThingAttribute : Attribute;
