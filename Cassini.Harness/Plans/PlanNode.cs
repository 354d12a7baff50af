namespace Cassini.Harness.Plans;

/// <summary>Where something stands in the plan file, both counted from 1; columns are characters.</summary>
internal readonly record struct Position(int Line, int Column) : IComparable<Position>
{
    public int CompareTo(Position other) => Line != other.Line ? Line.CompareTo(other.Line) : Column.CompareTo(other.Column);
}

/// <summary>JSON that knows where it stands, so that whoever finds fault with a value can point at it.</summary>
internal abstract record PlanNode(Position At)
{
    /// <summary>What it is, for people.</summary>
    public abstract string Kind { get; }
}

internal sealed record PlanObjectNode(Position At, IReadOnlyList<PlanField> Fields) : PlanNode(At)
{
    public override string Kind => "an object";
}

internal sealed record PlanListNode(Position At, IReadOnlyList<PlanNode> Items) : PlanNode(At)
{
    public override string Kind => "a list";
}

internal sealed record PlanTextNode(Position At, string Text) : PlanNode(At)
{
    public override string Kind => "text";
}

/// <summary>A number as it was written.</summary>
internal sealed record PlanNumberNode(Position At, string Text) : PlanNode(At)
{
    public override string Kind => "a number";
}

internal sealed record PlanFlagNode(Position At, bool Value) : PlanNode(At)
{
    public override string Kind => Value ? "true" : "false";
}

internal sealed record PlanNullNode(Position At) : PlanNode(At)
{
    public override string Kind => "null";
}

/// <param name="Name">The field's name.</param>
/// <param name="At">Where the name stands.</param>
/// <param name="Value">What it holds.</param>
internal sealed record PlanField(string Name, Position At, PlanNode Value);
