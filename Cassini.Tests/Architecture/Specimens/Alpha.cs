using System.ComponentModel;
using System.Runtime.CompilerServices;
using Cassini.Tests.Architecture.Specimens.Beta;

// One type for each way in which a type can use a type of another room. The walk must see every one of them.
namespace Cassini.Tests.Architecture.Specimens.Alpha;

internal sealed class BaseType : Thing;

internal sealed class Interface : IThing;

internal sealed class Field
{
    internal readonly Thing? Used = null;
}

internal sealed class StaticFieldOfArrays
{
    internal static readonly Thing[][] Used = [];
}

internal sealed class Property
{
    public Thing? Used { get; init; }
}

internal sealed class EventOfADelegate
{
    public event ThingHappened Used
    {
        add => throw new NotSupportedException();
        remove => throw new NotSupportedException();
    }
}

internal interface IMethodParameter
{
    void Use(in Thing used);
}

internal interface IMethodResult
{
    Task<Thing> UseAsync();
}

internal sealed class ConstructorParameter
{
    public ConstructorParameter(ThingKind kind) => ArgumentOutOfRangeException.ThrowIfNegative((int)kind);
}

internal interface IGenericArgument
{
    Dictionary<string, List<Thing?[]>> Used { get; }
}

internal sealed class GenericArgumentOfTheBase : List<Thing>;

internal sealed class TypeConstraint<T>
    where T : Thing;

internal interface IMethodConstraint
{
    void Use<T>()
        where T : Thing;
}

[Thing]
internal sealed class AttributeOfTheType;

internal sealed class AttributeOfAMember
{
    [Thing]
    public int Used { get; init; }
}

internal interface IAttributeOfAParameter
{
    void Use([Thing] int used);
}

internal interface IAttributeOfAResult
{
    [return: Thing]
    int Use();
}

[DefaultValue(typeof(Thing), "")]
internal sealed class AttributeWithAType;

[DefaultValue(ThingKind.Small)]
internal sealed class AttributeWithAnEnum;

internal sealed class StaticCall
{
    public int Use() => Thing.Count();
}

internal sealed class ExtensionCall
{
    public int Use() => this.Describe();
}

internal sealed class FieldAccess
{
    public int Use() => Thing.Number;
}

internal sealed class Construction
{
    public object Use() => new Thing();
}

internal sealed class Cast
{
    public bool Use(object any) => any is Thing;
}

internal sealed class TypeOf
{
    public string Use() => typeof(Thing).Name;
}

internal sealed class GenericMethodArgument
{
    public bool Use() => RuntimeHelpers.IsReferenceOrContainsReferences<Thing>();
}

internal sealed class GenericDeclaringType
{
    public object Use() => new Box<int>();
}

internal sealed class Local
{
    public int Use(int any)
    {
        var used = (ThingKind)any;
        try
        {
            any = Math.Abs(any);
        }
        finally
        {
            // Assigned twice, so that the compiler keeps it in any configuration.
            used++;
        }

        return any + (int)used;
    }
}

internal sealed class CatchClause
{
    public void Use(Action action)
    {
        try
        {
            action();
        }
        catch (ThingException)
        {
            throw new InvalidOperationException();
        }
    }
}

internal sealed class Lambda
{
    public Func<int> Use(int captured) => () => captured + Thing.Count();
}

internal sealed class AsyncMethod
{
    public async Task<int> UseAsync()
    {
        await Task.Yield();
        return Thing.Count();
    }
}

internal sealed class Iterator
{
    public IEnumerable<int> Use()
    {
        yield return Thing.Count();
    }
}

internal sealed class StaticConstructor
{
    internal static readonly int Used;

    static StaticConstructor() => Used = Thing.Count();
}

internal sealed class AfterASwitch
{
    // Nothing but the last call uses the other room: the reader has to find its way through every kind of operand.
    public double Use(int any)
    {
        var text = any switch { 0 => "a", 1 => "b", 2 => "c", 3 => "d", 4 => "e", _ => "f" };
        var number = (any * 3_000_000_000L) + (1.5 * any) + (2.5f * any) + 100_000;
        return text.Length + number + (any > 5 ? 1 : Thing.Count());
    }
}

internal sealed class GenericBody<TItem>
{
    public int Use<TOther>(TItem item, TOther other) => Equals(item, default(TItem)) && Equals(other, default(TOther)) ? Thing.Count() : 0;
}
