using System.Text.Json;
using Cassini.Harness.Plans;
using Cassini.Tests.Docs;

namespace Cassini.Tests.Harness;

/// <summary>docs/use/plan.schema.json says exactly what the reader takes.</summary>
public class PlanSchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(Repository.Read("docs", "use", "plan.schema.json")).RootElement;

    public static TheoryData<string> Shapes => [.. All(PlanShape.Plan).Select(shape => shape.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Schema_EachObject_HasTheReadersFields(string name)
    {
        var shape = All(PlanShape.Plan).First(shape => shape.Name == name);
        var schema = name == PlanShape.Plan.Name ? Schema : Schema.GetProperty("$defs").GetProperty(name);
        var properties = schema.GetProperty("properties");

        schema.GetProperty("additionalProperties").GetBoolean().ShouldBeFalse();
        properties.EnumerateObject().Select(property => property.Name).ShouldBe(shape.Fields.Select(field => field.Name));
        Texts(schema, "required").ShouldBe(shape.Fields.Where(field => field.IsRequired).Select(field => field.Name));
        foreach (var field in shape.Fields)
        {
            var property = properties.GetProperty(field.Name);
            KindOf(property).ShouldBe(field.Kind, field.Name);
            Texts(property, "enum").ShouldBe(field.Values ?? []);
            Resolve(property).TryGetProperty("description", out _).ShouldBeTrue($"{name}.{field.Name} has a description");
        }
    }

    [Fact]
    public void Schema_Definitions_AreAllInUse() =>
        Schema.GetProperty("$defs").EnumerateObject().Select(definition => definition.Name).Order()
            .ShouldBe(All(PlanShape.Plan).Select(shape => shape.Name).Distinct().Where(name => name != "plan").Append("duration").Order());

    private static IEnumerable<PlanShape> All(PlanShape shape) =>
        shape.Fields.Where(field => field.Of is not null).SelectMany(field => All(field.Of!)).Prepend(shape);

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out var texts) ? texts.EnumerateArray().Select(text => text.GetString()!) : [];

    private static JsonElement Resolve(JsonElement property) =>
        property.TryGetProperty("$ref", out var reference)
            ? Schema.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..])
            : property;

    private static FieldKind KindOf(JsonElement property) =>
        property.TryGetProperty("$ref", out var reference) && reference.GetString() == "#/$defs/duration" ? FieldKind.Duration
        : Resolve(property).GetProperty("type").GetString() switch
        {
            "string" => FieldKind.Text,
            "integer" => FieldKind.Integer,
            "boolean" => FieldKind.Flag,
            "array" => FieldKind.List,
            _ => FieldKind.Object,
        };
}
