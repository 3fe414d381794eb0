"""What docs/ARCHITECTURE.md says of the code as a whole stays true."""

from research import architecture


def test_no_module_imports_itself_by_way_of_others():
    assert architecture.cycles() == []


def test_a_public_type_is_defined_once():
    assert architecture.types_defined_twice() == {}
