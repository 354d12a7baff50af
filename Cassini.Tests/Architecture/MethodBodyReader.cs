using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Cassini.Tests.Architecture;

/// <summary>Reads a method's instructions and resolves every metadata token in them (ECMA-335, III.1).</summary>
internal static class MethodBodyReader
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(opCode => opCode.Value);

    public static IEnumerable<MemberInfo> MembersIn(MethodBase method, MethodBody body)
    {
        var code = body.GetILAsByteArray() ?? [];
        var typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            // Opcodes of two bytes begin with FE.
            var opCode = code[at] == 0xFE
                ? OpCodesByValue[BinaryPrimitives.ReadInt16BigEndian(code.AsSpan(at))]
                : OpCodesByValue[code[at]];
            at += opCode.Size;
            if (opCode.OperandType is OperandType.InlineField or OperandType.InlineMethod
                or OperandType.InlineTok or OperandType.InlineType)
            {
                var token = BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
                yield return method.Module.ResolveMember(token, typeArguments, methodArguments)
                    ?? throw new BadImageFormatException($"Token {token:x8} in {method.DeclaringType}.{method.Name} names nothing.");
            }

            at += OperandSize(opCode, code.AsSpan(at));
        }
    }

    private static int OperandSize(OpCode opCode, ReadOnlySpan<byte> operand) => opCode.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineBrTarget or OperandType.InlineField or OperandType.InlineI or OperandType.InlineMethod
            or OperandType.InlineString or OperandType.InlineTok or OperandType.InlineType or OperandType.ShortInlineR => 4,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(operand)),

        // InlineSig is calli: function pointers, which unsafe code alone can make, and that is switched off.
        _ => throw new NotSupportedException($"{opCode.Name} is not expected here."),
    };
}
