namespace Cassini.Harness.Plans;

/// <summary>A position in the plan file. Both numbers count from 1; columns count characters.</summary>
internal readonly record struct Position(int Line, int Column) : IComparable<Position>
{
    public int CompareTo(Position other) => Line != other.Line ? Line.CompareTo(other.Line) : Column.CompareTo(other.Column);
}

/// <summary>A JSON value with its position, so that a problem with it can name the position.</summary>
internal abstract record PlanNode(Position At)
{
    /// <summary>The kind of value, for people.</summary>
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
/// <param name="At">The position of the name.</param>
/// <param name="Value">The field's value.</param>
internal sealed record PlanField(string Name, Position At, PlanNode Value);
